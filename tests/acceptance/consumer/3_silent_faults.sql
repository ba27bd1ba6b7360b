-- What came in without an error and still serves nobody: one row for every such fault of an active opportunity or a group.
-- The names of the columns stand at the head, once.
-- noqa: disable=AL03
create view yksilo.hiljainen_vika (laji, id, vika) as
with kaannos as (
    select
        'tyo' as laji,
        tyomahdollisuus_id as id,
        kaannos_key,
        otsikko,
        tiivistelma,
        kuvaus,
        yleiset_vaatimukset
    from yksilo.tyomahdollisuus_kaannos
    union all
    select
        'koulutus',
        koulutusmahdollisuus_id,
        kaannos_key,
        otsikko,
        tiivistelma,
        kuvaus,
        null
    from yksilo.koulutusmahdollisuus_kaannos
),

mahdollisuus as (
    select
        'tyo' as laji,
        id
    from yksilo.tyomahdollisuus
    where aktiivinen
    union all
    select
        'koulutus',
        id
    from yksilo.koulutusmahdollisuus
    where aktiivinen
),

arvo as (
    select
        'tyo' as laji,
        jakauma.tyomahdollisuus_id as id,
        jakauma.tyyppi,
        arvot.arvo,
        arvot.osuus
    from yksilo.tyomahdollisuus_jakauma as jakauma
    inner join yksilo.tyomahdollisuus_jakauma_arvot as arvot on jakauma.id = arvot.jakauma_id
    union all
    select
        'koulutus',
        jakauma.koulutusmahdollisuus_id,
        jakauma.tyyppi,
        arvot.arvo,
        arvot.osuus
    from yksilo.koulutusmahdollisuus_jakauma as jakauma
    inner join yksilo.koulutusmahdollisuus_jakauma_arvot as arvot on jakauma.id = arvot.jakauma_id
),

-- the forms of codes by which the service filters and finds labels
muoto (tyyppi, kaava) as (
    values
    ('MAAKUNTA', '^(0[1-9]|1\d|21)$'),
    ('KUNTA', '^\d{3}$'),
    ('TOIMIALA', '^\d\d'),
    ('KOULUTUSALA', 'taso[12]_\d+#\d+$'),
    ('AMMATTI', '/esco/occupation/'),
    ('AJOKORTTI', '^[A-Z][A-Z0-9]{0,2}$'),
    ('RIKOSREKISTERIOTE', '^(0|1|true|false)$'),
    ('MATKUSTUSVAATIMUS', '^(0|1|true|false)$'),
    ('SIJAINTI_JOUSTAVA', '^(0|1|true|false)$'),
    ('PALKAN_PERUSTE', '^(SALARY|TIME_RATE|PIECE_WORK|PROVISION|SALARY_PROVISION|TIME_RATE_PROVISION|OTHER)$'),
    ('PALVELUSSUHDE', '^(EMPLOYMENT|SERVICE_IN_PUBLIC_ADMINISTRATION|COMMISSION|ENTREPRENEURSHIP)$'),
    ('TYOAIKA', '^(FULLTIME|PARTTIME)$'),
    ('TYON_JATKUVUUS', '^(PERMANENT|TEMPORARY)$'),
    ('MAA', '^[A-Z]{2}$'),
    ('TYOKIELI', '^[a-z]{2}$'),
    ('MAKSULLISUUS', '^(maksuton|maksullinen|lukuvuosimaksu)$'),
    ('OPETUSTAPA', '^opetuspaikkakk_\d+#\d+$'),
    ('AIKA', '^opetusaikakk_\d+#\d+$')
),

osuuslista (avain) as (
    values ('tyollisetMaakunnittain'), ('tyollisetKoulutusAloittain'), ('tyollisetKoulutusAsteittain')
)

select
    mahdollisuus.laji,
    mahdollisuus.id::text,
    'no row in ' || kieli.avain
from mahdollisuus
cross join (values ('FI'), ('SV'), ('EN')) as kieli (avain)
left join kaannos
    on mahdollisuus.laji = kaannos.laji and mahdollisuus.id = kaannos.id and kieli.avain = kaannos.kaannos_key
where kaannos.id is null
union all
select
    mahdollisuus.laji,
    mahdollisuus.id::text,
    'an empty text in ' || kaannos.kaannos_key
from mahdollisuus
inner join kaannos on mahdollisuus.laji = kaannos.laji and mahdollisuus.id = kaannos.id
where coalesce(kaannos.otsikko, '') = '' or coalesce(kaannos.tiivistelma, '') = '' or coalesce(kaannos.kuvaus, '') = ''
union all
select
    mahdollisuus.laji,
    mahdollisuus.id::text,
    'general requirements are raw JSON'
from mahdollisuus
inner join kaannos on mahdollisuus.laji = kaannos.laji and mahdollisuus.id = kaannos.id
where kaannos.yleiset_vaatimukset like '[%'
union all
select
    mahdollisuus.laji,
    mahdollisuus.id::text,
    'a title too long for a plan'
from mahdollisuus
inner join kaannos on mahdollisuus.laji = kaannos.laji and mahdollisuus.id = kaannos.id
where mahdollisuus.laji = 'koulutus' and length(kaannos.otsikko) > 255
union all
select
    'tyo',
    id::text,
    'no aineisto: filters by type drop it'
from yksilo.tyomahdollisuus
where aktiivinen and aineisto is null
union all
select
    'tyo',
    tyomahdollisuus.id::text,
    'no such ammattiryhma: ' || tyomahdollisuus.ammattiryhma
from yksilo.tyomahdollisuus
where
    tyomahdollisuus.aktiivinen
    and tyomahdollisuus.ammattiryhma not in (select esco_uri from yksilo.ammattiryhma)
union all
select
    'koulutus',
    id::text,
    'only a part of the durations'
from yksilo.koulutusmahdollisuus
where aktiivinen and num_nulls(kesto_minimi, kesto_mediaani, kesto_maksimi) in (1, 2)
union all
select
    'koulutus',
    id::text,
    'a duration in no whole months'
from yksilo.koulutusmahdollisuus
where
    aktiivinen
    and kesto_minimi + kesto_mediaani + kesto_maksimi <> trunc(kesto_minimi) + trunc(kesto_mediaani) + trunc(kesto_maksimi)
union all
select
    'koulutus',
    mahdollisuus.id::text,
    'not the oid of a koulutus: ' || viite.oid
from mahdollisuus
inner join yksilo.koulutus_viite as viite on mahdollisuus.id = viite.koulutusmahdollisuus_id
where viite.oid not like '1.2.246.562.13.%'
union all
select
    mahdollisuus.laji,
    mahdollisuus.id::text,
    arvo.tyyppi || ': a value without code or share, or a share that is none'
from mahdollisuus
inner join arvo on mahdollisuus.laji = arvo.laji and mahdollisuus.id = arvo.id
where arvo.arvo is null or arvo.osuus is null or arvo.osuus <= 0 or arvo.osuus > 100
union all
select
    mahdollisuus.laji,
    mahdollisuus.id::text,
    arvo.tyyppi || ': no such code: ' || arvo.arvo
from mahdollisuus
inner join arvo on mahdollisuus.laji = arvo.laji and mahdollisuus.id = arvo.id
inner join muoto on arvo.tyyppi = muoto.tyyppi
where arvo.arvo !~ muoto.kaava
union all
select
    mahdollisuus.laji,
    mahdollisuus.id::text,
    'unknown skill, dropped: ' || arvo.arvo
from mahdollisuus
inner join arvo on mahdollisuus.laji = arvo.laji and mahdollisuus.id = arvo.id
where arvo.tyyppi = 'OSAAMINEN' and arvo.arvo not in (select uri from yksilo.osaaminen)
union all
select
    'ammattiryhma',
    esco_uri,
    'uri and data disagree'
from yksilo.ammattiryhma
where data ->> 'uri' is distinct from esco_uri
union all
select
    'ammattiryhma',
    esco_uri,
    'no such group in ESCO: shown without a name'
from yksilo.ammattiryhma
where esco_uri not in (select uri from yksilo.ammatti)
union all
select
    'ammattiryhma',
    esco_uri,
    'unknown kohtaanto'
from yksilo.ammattiryhma
where data ? 'kohtaanto' and coalesce(data #>> '{kohtaanto,tyyppi}', '') not in ('Ylitarjonta', 'Tasapaino', 'Alitarjonta')
union all
select
    'ammattiryhma',
    esco_uri,
    'a number that is none: null reads as 0'
from yksilo.ammattiryhma
cross join (
    values ('{palkkaus,mediaani}'), ('{palkkaus,ylinDesiili}'), ('{palkkaus,alinDesiili}'), ('{tyollisetKokoMaa}')
) as luku (polku)
where jsonb_typeof(data #> luku.polku::text[]) <> 'number'
union all
select
    'ammattiryhma',
    ryhma.esco_uri,
    'a share that is no number: ' || osuuslista.avain
from yksilo.ammattiryhma as ryhma
cross join osuuslista
where
    jsonb_path_exists(
        ryhma.data, format('$.%I[*] ? (@.osuus.type() != "number" || !exists(@.osuus))', osuuslista.avain)::jsonpath
    )
union all
select
    'ammattiryhma',
    ryhma.esco_uri,
    'a share shown unrounded: ' || osuuslista.avain
from yksilo.ammattiryhma as ryhma
cross join osuuslista
cross join
    lateral jsonb_path_query(
        ryhma.data, format('$.%I[*].osuus ? (@.type() == "number")', osuuslista.avain)::jsonpath
    ) as osuus
where (osuus #>> '{}')::numeric <> round((osuus #>> '{}')::numeric, 1)
union all
select
    'ammattiryhma',
    esco_uri,
    'a region that is no two-digit text'
from yksilo.ammattiryhma
where
    jsonb_path_exists(
        data, '$.tyollisetMaakunnittain[*] ? (@.maakunta.type() != "string" || !(@.maakunta like_regex "^[0-9]{2}$"))'
    );
