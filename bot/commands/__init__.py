"""One module for each command of `frontdesk`; see :mod:`bot.cli`."""
