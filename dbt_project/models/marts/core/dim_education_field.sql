select
    code as field_code,
    right(code_list, 1)::integer as field_level,
    case when code_list like '%taso2' then left(code, 2) end as parent_field_code,
    code_uri as field_uri,
    name_fi,
    name_sv,
    name_en
from {{ ref('stg_koodisto__code') }}
where code_list in (
    'kansallinenkoulutusluokitus2016koulutusalataso1', 'kansallinenkoulutusluokitus2016koulutusalataso2'
)
