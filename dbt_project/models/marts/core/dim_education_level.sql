select
    code as level_code,
    right(code_list, 1)::integer as level,
    case when code_list like '%taso2' then left(code, 1) end as parent_code,
    name_fi,
    coalesce(name_sv, name_fi) as name_sv,
    coalesce(name_en, name_fi) as name_en
from {{ ref('stg_koodisto__code') }}
where code_list in ('kansallinenkoulutusluokitus2016koulutusastetaso1', 'kansallinenkoulutusluokitus2016koulutusastetaso2')
