-- Key figures of the Labour Force Survey, whole country.
{{ tidy(ref('stg_statfin__labour_force'), 'tyti/135z', {'month': 'cells.month'}) }}
