select
    tilastovuosi::bigint as year,
    {{ known_text('koodi_korkeakoulu') }} as provider_code,
    {{ known_text('koodi_koulutus') }} as education_code,
    {{ known_text('aineistotyyppi') }} as study_type,
    sukupuoli as sex_name_fi,
    opiskelijat as students,
    uudet_opiskelijat as new_students,
    tutkinnot as completed_degrees
from {{ source('landing', 'vipunen__opiskelijat_ja_tutkinnot__row') }}
