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

-- Who delivers may fill the staging and the occupation groups, and no more.
create role dataloader;
grant usage on schema yksilo, tyomahdollisuus_data, koulutusmahdollisuus_data, ammattiryhma_data to dataloader;
grant select, insert, update, delete, truncate
on tyomahdollisuus_data.import, koulutusmahdollisuus_data.import, ammattiryhma_data.import
to dataloader;
grant select, insert, update on yksilo.ammattiryhma to dataloader;
