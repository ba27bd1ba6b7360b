-- Levels of education, levels 1 and 2 of the national classification 2016.
select
    code as education_level_code,
    right(code_list, 1)::integer as education_level,
    case when code_list like '%taso2' then left(code, 1) end as parent_education_level_code,
    name_fi,
    name_sv,
    name_en
from {{ ref('stg_koodisto__code') }}
where code_list in (
    'kansallinenkoulutusluokitus2016koulutusastetaso1', 'kansallinenkoulutusluokitus2016koulutusastetaso2'
)
