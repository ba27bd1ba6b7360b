select
    tilastovuosi as year,
    {{ known_text('koodi_koulutuksen_jarjestaja') }} as provider_code,
    {{ known_text('koodi_tutkinto') }} as education_code,
    {{ known_text('suorituksen_tyyppi') }} as study_type,
    hankintakoulutus_kylla_ei as is_bought_education,
    opiskelijat_lkm as students,
    uudet_opiskelijat_lkm as new_students,
    tutkinnon_suorittaneet_lkm as graduates
from {{ source('landing', 'vipunen__amm_opiskelijat_ja_tutkinnot_vuosi_tutkinto__row') }}
