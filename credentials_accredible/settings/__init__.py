"""Settings hooks, called by the host through edx-django-utils."""
