select
    koulutuksen_alkamisvuosi as start_year,
    koulutuksen_alkamiskausi as start_season,
    koodit_hakukohde as target_oid,
    {{ known_text('koodit_tutkinto_hakukohde') }} as education_code,
    {{ known_text('koodit_oppilaitos') }} as school_code,
    {{ known_text('koodit_kunta_hakukohde') }} as municipality_code,
    aloituspaikat_lkm as places,
    kaikki_hakijat_lkm as applicants,
    ensisijaiset_hakijat_lkm as first_choice_applicants,
    valitut_lkm as selected,
    paikan_vastaanottaneet_lkm as accepted,
    aloittaneet_lkm as started
from {{ source('landing', 'vipunen__perusopetuksen_jalkeinen_koulutus_hakeneet_ja_paikan_vastaanottaneet__row') }}
