-- Our own rendering of the import of the JOD service (Osaamispolku), for the acceptance test.
--
-- It states what is known about the consumer: which tables the documents land in, what those tables refuse, what the
-- import does and what it loses without a word. It is written from that description alone; column names the
-- description does not give, and the staging of occupation groups, are ours.

create schema yksilo;
create schema tyomahdollisuus_data;
create schema koulutusmahdollisuus_data;
create schema ammattiryhma_data;

-- Staging: one document a row; the id is generated, so a document without a proper one fails already in COPY.

create table tyomahdollisuus_data.import (
    data jsonb,
    id uuid generated always as ((data ->> 'id')::uuid) stored primary key
);

create table koulutusmahdollisuus_data.import (
    data jsonb,
    id uuid generated always as ((data ->> 'id')::uuid) stored primary key
);

create table ammattiryhma_data.import (
    esco_uri varchar(255),
    data jsonb
);

-- Where the import looks for distributions. A distribution anywhere else does not exist for it.

create table yksilo.jakauma_polku (
    laji text not null,
    tyyppi text not null,
    polku text[] not null,
    primary key (laji, tyyppi),
    unique (laji, polku)
);

insert into yksilo.jakauma_polku (laji, tyyppi, polku) values
('tyo', 'OSAAMINEN', '{osaamisvaatimukset,osaamiset}'),
('tyo', 'AMMATTI', '{osaamisvaatimukset,ammatit}'),
('tyo', 'AJOKORTTI', '{osaamisvaatimukset,ajokorttiJakauma}'),
('tyo', 'KIELITAITO', '{osaamisvaatimukset,kielitaitoJakauma}'),
('tyo', 'KORTIT_JA_LUVAT', '{osaamisvaatimukset,kortitJaLuvatJakauma}'),
('tyo', 'KOULUTUSASTE', '{osaamisvaatimukset,koulutusasteJakauma}'),
('tyo', 'RIKOSREKISTERIOTE', '{osaamisvaatimukset,rikosrekisterioteJakauma}'),
('tyo', 'MATKUSTUSVAATIMUS', '{perustiedot,matkustamisvaatimusJakauma}'),
('tyo', 'PALKAN_PERUSTE', '{perustiedot,palkanPerusteJakauma}'),
('tyo', 'PALVELUSSUHDE', '{perustiedot,palvelussuhdeJakauma}'),
('tyo', 'TYOAIKA', '{perustiedot,tyoaikaJakauma}'),
('tyo', 'TYON_JATKUVUUS', '{perustiedot,tyonJatkuvuusJakauma}'),
('tyo', 'TOIMIALA', '{perustiedot,toimialaJakauma}'),
('tyo', 'KUNTA', '{sijainti,kuntaJakauma}'),
('tyo', 'MAAKUNTA', '{sijainti,maakuntaJakauma}'),
('tyo', 'MAA', '{sijainti,maaJakauma}'),
('tyo', 'SIJAINTI_JOUSTAVA', '{sijainti,sijaintiJoustavaJakauma}'),
('tyo', 'TYOKIELI', '{tyokieletJakauma}'),
('koulutus', 'OSAAMINEN', '{osaamiset}'),
('koulutus', 'KOULUTUSALA', '{koulutusalaJakauma}'),
('koulutus', 'MAKSULLISUUS', '{maksullisuusJakauma}'),
('koulutus', 'OPETUSTAPA', '{opetustapaJakauma}'),
('koulutus', 'AIKA', '{aikaJakauma}'),
('koulutus', 'KUNTA', '{sijainti,kuntaJakauma}'),
('koulutus', 'MAAKUNTA', '{sijainti,maakuntaJakauma}');

-- The ESCO skills the service knows; filled by the test.

create table yksilo.osaaminen (
    uri text primary key
);

-- Job opportunities.

create table yksilo.tyomahdollisuus (
    id uuid primary key,
    aktiivinen boolean not null,
    aineisto text check (aineisto in ('TMT', 'AMMATTITIETO')),
    ammattiryhma varchar(255)
);

create table yksilo.tyomahdollisuus_kaannos (
    tyomahdollisuus_id uuid not null references yksilo.tyomahdollisuus,
    kaannos_key text not null check (kaannos_key in ('FI', 'SV', 'EN')),
    otsikko text,
    tiivistelma text,
    kuvaus text,
    tehtavat text,
    yleiset_vaatimukset text,
    primary key (tyomahdollisuus_id, kaannos_key)
);

create table yksilo.tyomahdollisuus_jakauma (
    id bigint generated always as identity primary key,
    tyomahdollisuus_id uuid not null references yksilo.tyomahdollisuus,
    tyyppi text not null check (
        tyyppi in (
            'OSAAMINEN', 'AMMATTI', 'AJOKORTTI', 'KIELITAITO', 'KORTIT_JA_LUVAT', 'KOULUTUSASTE', 'RIKOSREKISTERIOTE',
            'MATKUSTUSVAATIMUS', 'PALKAN_PERUSTE', 'PALVELUSSUHDE', 'TYOAIKA', 'TYON_JATKUVUUS', 'TOIMIALA', 'KUNTA',
            'MAAKUNTA', 'MAA', 'SIJAINTI_JOUSTAVA', 'TYOKIELI'
        )
    ),
    maara integer not null,
    tyhjia integer not null,
    constraint tyomahdollisuus_jakauma_tyyppi_key unique (tyomahdollisuus_id, tyyppi)
);

create table yksilo.tyomahdollisuus_jakauma_arvot (
    jakauma_id bigint not null references yksilo.tyomahdollisuus_jakauma on delete cascade,
    arvo varchar(255),
    osuus double precision,
    constraint tyomahdollisuus_jakauma_id_arvo unique (jakauma_id, arvo)
);

-- Education opportunities.

create table yksilo.koulutusmahdollisuus (
    id uuid primary key,
    aktiivinen boolean not null,
    tyyppi text not null check (tyyppi in ('TUTKINTO', 'EI_TUTKINTO')),
    kesto_minimi double precision,
    kesto_mediaani double precision,
    kesto_maksimi double precision
);

create table yksilo.koulutusmahdollisuus_kaannos (
    koulutusmahdollisuus_id uuid not null references yksilo.koulutusmahdollisuus,
    kaannos_key text not null check (kaannos_key in ('FI', 'SV', 'EN')),
    otsikko text,
    tiivistelma text,
    kuvaus text,
    primary key (koulutusmahdollisuus_id, kaannos_key)
);

create table yksilo.koulutus_viite (
    id bigint generated always as identity primary key,
    koulutusmahdollisuus_id uuid not null references yksilo.koulutusmahdollisuus,
    oid varchar(255) not null,
    constraint koulutus_viite_oid_key unique (koulutusmahdollisuus_id, oid)
);

create table yksilo.koulutus_viite_kaannos (
    koulutus_viite_id bigint not null references yksilo.koulutus_viite on delete cascade,
    kaannos_key text not null check (kaannos_key in ('FI', 'SV', 'EN')),
    nimi text not null,
    primary key (koulutus_viite_id, kaannos_key)
);

create table yksilo.koulutusmahdollisuus_jakauma (
    id bigint generated always as identity primary key,
    koulutusmahdollisuus_id uuid not null references yksilo.koulutusmahdollisuus,
    tyyppi text not null check (
        tyyppi in ('OSAAMINEN', 'KOULUTUSALA', 'MAKSULLISUUS', 'OPETUSTAPA', 'AIKA', 'KUNTA', 'MAAKUNTA')
    ),
    maara integer not null,
    tyhjia integer not null,
    constraint koulutusmahdollisuus_jakauma_tyyppi_key unique (koulutusmahdollisuus_id, tyyppi)
);

create table yksilo.koulutusmahdollisuus_jakauma_arvot (
    jakauma_id bigint not null references yksilo.koulutusmahdollisuus_jakauma on delete cascade,
    arvo varchar(255),
    osuus double precision,
    constraint koulutusmahdollisuus_jakauma_id_arvo unique (jakauma_id, arvo)
);

-- Occupation groups.

create table yksilo.ammattiryhma (
    esco_uri varchar(255) primary key,
    luotu timestamptz not null default now(),
    muokattu timestamptz not null default now(),
    data jsonb not null
);

-- What users point at: a favourite keeps its opportunity from being deleted, a plan copies the title of an education.

create table yksilo.yksilon_suosikki (
    tyomahdollisuus_id uuid references yksilo.tyomahdollisuus,
    koulutusmahdollisuus_id uuid references yksilo.koulutusmahdollisuus,
    check (num_nonnulls(tyomahdollisuus_id, koulutusmahdollisuus_id) = 1)
);

create table yksilo.polun_suunnitelma_kaannos (
    koulutusmahdollisuus_id uuid not null references yksilo.koulutusmahdollisuus,
    kaannos_key text not null,
    nimi varchar(255) not null
);

-- A language key as the tables hold it; an unknown one becomes something their CHECK refuses.
create function yksilo.kieli(avain text) returns text
language sql immutable
return case when avain in ('fi', 'sv', 'en') then upper(avain) else '? ' || avain end;

-- A list of tasks as the lines of one text; null and an empty list are no text, anything but a list is an error.
create function yksilo.riveina(lista jsonb) returns text
language sql immutable
return (
    select string_agg(rivi, e'\n' order by nro)
    from jsonb_array_elements_text(nullif(lista, 'null')) with ordinality as osa (rivi, nro)
);

-- Job opportunities: main row, languages (rewritten), distributions (rewritten).
create procedure tyomahdollisuus_data.import()
language sql
begin atomic
    insert into yksilo.tyomahdollisuus (id, aktiivinen, aineisto, ammattiryhma)
    select
        id,
        true,
        data ->> 'aineisto',
        data ->> 'ammattiryhma'
    from tyomahdollisuus_data.import
    on conflict (id) do update set
        aktiivinen = true,
        aineisto = excluded.aineisto,
        ammattiryhma = excluded.ammattiryhma;

    delete from yksilo.tyomahdollisuus_kaannos
    where tyomahdollisuus_id in (select id from tyomahdollisuus_data.import);

    -- the keys of the title are the languages of the opportunity; other texts must use the very same keys
    insert into yksilo.tyomahdollisuus_kaannos (
        tyomahdollisuus_id, kaannos_key, otsikko, tiivistelma, kuvaus, tehtavat, yleiset_vaatimukset
    )
    select
        uusi.id,
        yksilo.kieli(case otsikko.key when 'se' then 'sv' else otsikko.key end),
        otsikko.value,
        tiivistelma.value,
        kuvaus.value,
        yksilo.riveina(tehtavat.value),
        vaatimukset.value
    from tyomahdollisuus_data.import as uusi
    cross join lateral jsonb_each_text(uusi.data #> '{perustiedot,tyomahdollisuudenOtsikko}') as otsikko
    left join lateral jsonb_each_text(uusi.data #> '{perustiedot,tyomahdollisuudenTiivistelma}') as tiivistelma
        on otsikko.key = tiivistelma.key
    left join lateral jsonb_each_text(uusi.data #> '{perustiedot,tyomahdollisuudenKuvaus}') as kuvaus
        on otsikko.key = kuvaus.key
    left join lateral jsonb_each(
        nullif(uusi.data #> '{perustiedot,tyomahdollisuudenTehtavat}', 'null')
    ) as tehtavat
        on otsikko.key = tehtavat.key
    left join lateral jsonb_each_text(
        nullif(uusi.data #> '{perustiedot,tyomahdollisuudenYleisetVaatimukset}', 'null')
    ) as vaatimukset
        on otsikko.key = vaatimukset.key;

    delete from yksilo.tyomahdollisuus_jakauma
    where tyomahdollisuus_id in (select id from tyomahdollisuus_data.import);

    -- a distribution that is there, be it null, must have both counts
    insert into yksilo.tyomahdollisuus_jakauma (tyomahdollisuus_id, tyyppi, maara, tyhjia)
    select
        uusi.id,
        paikka.tyyppi,
        (uusi.data #> paikka.polku -> 'kokonaismaara')::integer,
        (uusi.data #> paikka.polku -> 'tyhjienMaara')::integer
    from tyomahdollisuus_data.import as uusi
    inner join yksilo.jakauma_polku as paikka
        on paikka.laji = 'tyo' and uusi.data #> paikka.polku is not null;

    insert into yksilo.tyomahdollisuus_jakauma_arvot (jakauma_id, arvo, osuus)
    select
        jakauma.id,
        osa.arvo,
        osa.prosenttiosuus
    from tyomahdollisuus_data.import as uusi
    inner join yksilo.tyomahdollisuus_jakauma as jakauma on uusi.id = jakauma.tyomahdollisuus_id
    inner join yksilo.jakauma_polku as paikka on paikka.laji = 'tyo' and jakauma.tyyppi = paikka.tyyppi
    cross join lateral jsonb_to_recordset(uusi.data #> paikka.polku -> 'arvot') as osa (
        arvo text, prosenttiosuus double precision
    );
end;

create procedure tyomahdollisuus_data.clear()
language sql
begin atomic
    update yksilo.tyomahdollisuus set aktiivinen = false
    where aktiivinen;
end;

-- Education opportunities: main row, languages (kept and updated), programmes (rewritten), distributions (rewritten).
create procedure koulutusmahdollisuus_data.import()
language sql
begin atomic
    insert into yksilo.koulutusmahdollisuus (id, aktiivinen, tyyppi, kesto_minimi, kesto_mediaani, kesto_maksimi)
    select
        id,
        true,
        data ->> 'tyyppi',
        (data ->> 'kestoMinimi')::double precision,
        (data ->> 'kestoMediaani')::double precision,
        (data ->> 'kestoMaksimi')::double precision
    from koulutusmahdollisuus_data.import
    on conflict (id) do update set
        aktiivinen = true,
        tyyppi = excluded.tyyppi,
        kesto_minimi = excluded.kesto_minimi,
        kesto_mediaani = excluded.kesto_mediaani,
        kesto_maksimi = excluded.kesto_maksimi;

    -- nothing is deleted here: a language that is no longer delivered keeps its old text
    insert into yksilo.koulutusmahdollisuus_kaannos (koulutusmahdollisuus_id, kaannos_key, otsikko, tiivistelma, kuvaus)
    select
        uusi.id,
        yksilo.kieli(otsikko.key),
        otsikko.value,
        tiivistelma.value,
        kuvaus.value
    from koulutusmahdollisuus_data.import as uusi
    cross join lateral jsonb_each_text(uusi.data -> 'otsikko') as otsikko
    left join lateral jsonb_each_text(uusi.data -> 'tiivistelma') as tiivistelma on otsikko.key = tiivistelma.key
    left join lateral jsonb_each_text(uusi.data -> 'kuvaus') as kuvaus on otsikko.key = kuvaus.key
    on conflict (koulutusmahdollisuus_id, kaannos_key) do update set
        otsikko = excluded.otsikko,
        tiivistelma = excluded.tiivistelma,
        kuvaus = excluded.kuvaus;

    delete from yksilo.koulutus_viite
    where koulutusmahdollisuus_id in (select id from koulutusmahdollisuus_data.import);

    -- exact repetitions of a programme melt into one; one oid with two different names breaks the key
    insert into yksilo.koulutus_viite (koulutusmahdollisuus_id, oid)
    select
        eri.id,
        eri.oid
    from (
        select distinct
            uusi.id,
            viite.oid,
            viite.nimi
        from koulutusmahdollisuus_data.import as uusi
        cross join lateral jsonb_to_recordset(uusi.data -> 'koulutukset') as viite (oid text, nimi jsonb)
    ) as eri;

    insert into yksilo.koulutus_viite_kaannos (koulutus_viite_id, kaannos_key, nimi)
    select
        kohde.id,
        yksilo.kieli(nimi.key),
        nimi.value
    from (
        select distinct
            uusi.id,
            viite.oid,
            viite.nimi
        from koulutusmahdollisuus_data.import as uusi
        cross join lateral jsonb_to_recordset(uusi.data -> 'koulutukset') as viite (oid text, nimi jsonb)
    ) as eri
    inner join yksilo.koulutus_viite as kohde on eri.id = kohde.koulutusmahdollisuus_id and eri.oid = kohde.oid
    cross join lateral jsonb_each_text(nullif(eri.nimi, 'null')) as nimi;

    delete from yksilo.koulutusmahdollisuus_jakauma
    where koulutusmahdollisuus_id in (select id from koulutusmahdollisuus_data.import);

    insert into yksilo.koulutusmahdollisuus_jakauma (koulutusmahdollisuus_id, tyyppi, maara, tyhjia)
    select
        uusi.id,
        paikka.tyyppi,
        (uusi.data #> paikka.polku -> 'kokonaismaara')::integer,
        (uusi.data #> paikka.polku -> 'tyhjienMaara')::integer
    from koulutusmahdollisuus_data.import as uusi
    inner join yksilo.jakauma_polku as paikka
        on paikka.laji = 'koulutus' and uusi.data #> paikka.polku is not null;

    insert into yksilo.koulutusmahdollisuus_jakauma_arvot (jakauma_id, arvo, osuus)
    select
        jakauma.id,
        osa.arvo,
        osa.prosenttiosuus
    from koulutusmahdollisuus_data.import as uusi
    inner join yksilo.koulutusmahdollisuus_jakauma as jakauma on uusi.id = jakauma.koulutusmahdollisuus_id
    inner join yksilo.jakauma_polku as paikka on paikka.laji = 'koulutus' and jakauma.tyyppi = paikka.tyyppi
    cross join lateral jsonb_to_recordset(uusi.data #> paikka.polku -> 'arvot') as osa (
        arvo text, prosenttiosuus double precision
    );
end;

create procedure koulutusmahdollisuus_data.clear()
language sql
begin atomic
    update yksilo.koulutusmahdollisuus set aktiivinen = false
    where aktiivinen;
end;

-- Occupation groups: replaced one by one; a group that is not delivered keeps its old numbers.
create procedure ammattiryhma_data.import()
language sql
begin atomic
    insert into yksilo.ammattiryhma (esco_uri, data)
    select
        esco_uri,
        data
    from ammattiryhma_data.import
    on conflict (esco_uri) do update set data = excluded.data, muokattu = now();
end;

-- What came in without an error and still serves nobody: one row for every such fault of an active opportunity or a group.
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
where aktiivinen and kesto_minimi + kesto_mediaani + kesto_maksimi <> trunc(kesto_minimi) + trunc(kesto_mediaani) + trunc(kesto_maksimi)
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
where jsonb_path_exists(ryhma.data, format('$.%I[*] ? (@.osuus.type() != "number" || !exists(@.osuus))', osuuslista.avain)::jsonpath)
union all
select
    'ammattiryhma',
    ryhma.esco_uri,
    'a share shown unrounded: ' || osuuslista.avain
from yksilo.ammattiryhma as ryhma
cross join osuuslista
cross join lateral jsonb_path_query(ryhma.data, format('$.%I[*].osuus ? (@.type() == "number")', osuuslista.avain)::jsonpath) as osuus
where (osuus #>> '{}')::numeric <> round((osuus #>> '{}')::numeric, 1)
union all
select
    'ammattiryhma',
    esco_uri,
    'a region that is no two-digit text'
from yksilo.ammattiryhma
where jsonb_path_exists(data, '$.tyollisetMaakunnittain[*] ? (@.maakunta.type() != "string" || !(@.maakunta like_regex "^[0-9]{2}$"))');
