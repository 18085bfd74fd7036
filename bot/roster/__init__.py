"""How the desk is set up: teams, agents' settings, business hours. Pure rules stand beside their SQL store."""
