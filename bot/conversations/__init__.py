"""The core: live conversations over Redis or Valkey. Pure rules stand beside their store; imports nothing of ours."""
