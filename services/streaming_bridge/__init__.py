"""The streaming bridge: webhooks of conferencing platforms in, one stream of participation facts out, join links."""
