-- Qualifications of ePerusteet: what a vocational qualification requires is written under its id.
select
    qualification.peruste_id as qualification_id,
    qualification.name_fi,
    qualification.name_sv,
    qualification.name_en,
    qualification.programme_type,
    qualification.education_codes
from {{ ref('stg_eperusteet__qualification') }} as qualification
