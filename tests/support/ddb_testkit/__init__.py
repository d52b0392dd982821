"""What the acceptance and fault tests and the demo share: engines, the connector as a process, Airbyte messages."""
