"""The REST API: what other services and scripts may ask and do over HTTP."""
