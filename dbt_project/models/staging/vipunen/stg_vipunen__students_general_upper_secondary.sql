select
    tilastovuosi as year,
    {{ known_text('koodi_koulutuksen_jarjestaja') }} as provider_code,
    {{ known_text('koodi_tutkinto') }} as education_code,
    opiskelijat_lkm as students,
    uudet_opiskelijat_lkm as new_students
from {{ source('landing', 'vipunen__lukio_opiskelijat_vuosi_tutkinto__row') }}
