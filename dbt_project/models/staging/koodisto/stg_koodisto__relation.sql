select
    code_uri,
    relation,
    related_uri
from {{ source('landing', 'koodisto__relations__relation') }}
