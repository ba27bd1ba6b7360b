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

-- The ESCO skills and the occupations with their groups that the service knows; filled by the test.

create table yksilo.osaaminen (
    uri text primary key
);

create table yksilo.ammatti (
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
