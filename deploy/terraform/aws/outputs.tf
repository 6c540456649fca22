output "address" {
  description = "Where clients connect: the host name of the balancer."
  value       = aws_lb.this.dns_name
}

output "trusted_senders" {
  description = "For listeners.*.proxyProtocol.trustedSenders: the ranges of the balancer's subnets."
  value       = [for subnet in data.aws_subnet.balancer : subnet.cidr_block]
}

output "redis_host" {
  description = "For coordination.server.host, with tls: {}."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "trail_bucket" {
  description = "For audit.shipping.s3.bucket."
  value       = aws_s3_bucket.trail.bucket
}

output "gateway_security_group_id" {
  description = "Of the gateways, for databases that are not among var.databases."
  value       = aws_security_group.gateway.id
}
