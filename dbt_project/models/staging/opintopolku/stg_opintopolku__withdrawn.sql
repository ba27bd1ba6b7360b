{% for kind in ['koulutus', 'toteutus', 'hakukohde', 'haku'] %}
    select
        '{{ kind }}' as kind,
        id as oid,
        withdrawn_at
    from {{ source('landing', 'opintopolku__' ~ kind ~ '__withdrawn') }}
    {% if not loop.last %}
        union all
    {% endif %}
{% endfor %}
