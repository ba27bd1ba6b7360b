select
    kind,
    oid,
    languages
from {{ source('landing', 'opintopolku__sitemap__entry') }}
