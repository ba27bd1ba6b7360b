-- Sources overwrite these without a date. What has dates of its own needs no snapshot: docs/decisions/0023-snapshots.md.
{% snapshot organisation_history %}
    {{ config(
        schema='history',
        group='core',
        tags=['base'],
        unique_key='organisation_oid',
        strategy='check',
        check_cols=['name_fi', 'name_sv', 'name_en', 'organisation_type', 'parent_oid', 'municipality_code', 'is_current'],
        hard_deletes='invalidate',
        snapshot_meta_column_names={
            'dbt_valid_from': 'shown_from',
            'dbt_valid_to': 'shown_to',
            'dbt_scd_id': 'version_id',
            'dbt_updated_at': 'noticed_at'
        }
    ) }}
    select * from {{ ref('dim_organisation') }}
{% endsnapshot %}
