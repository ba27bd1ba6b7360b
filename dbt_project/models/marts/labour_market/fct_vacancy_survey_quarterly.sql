-- Vacancies as employers report them, whole country; another definition than the vacancies of the employment service.
{{ tidy(ref('stg_statfin__vacancy_survey'), 'atp/11l1', {'quarter': 'cells.quarter'}) }}
