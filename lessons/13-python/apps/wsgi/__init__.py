"""The package of the own-WSGI-server tutorial, with our server in it."""
