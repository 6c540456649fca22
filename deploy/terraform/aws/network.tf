data "aws_subnet" "balancer" {
  for_each = toset(var.subnet_ids)
  id       = each.value
}

resource "aws_security_group" "balancer" {
  name        = "${var.name}-balancer"
  description = "Clients of Gatehouse"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = { for pair in setproduct(keys(local.listeners), var.client_cidrs) : join(" ", pair) => { engine = pair[0], cidr = pair[1] } }

  security_group_id = aws_security_group.balancer.id
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = local.listeners[each.value.engine]
  to_port           = local.listeners[each.value.engine]
}

resource "aws_vpc_security_group_egress_rule" "to_gateways" {
  for_each = merge(local.listeners, { monitoring = var.monitoring_port })

  security_group_id            = aws_security_group.balancer.id
  referenced_security_group_id = aws_security_group.gateway.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_security_group" "gateway" {
  name        = "${var.name}-gateway"
  description = "Gateways of Gatehouse"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "from_balancer" {
  for_each = merge(local.listeners, { monitoring = var.monitoring_port })

  security_group_id            = aws_security_group.gateway.id
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.gateway.id
  description       = "Issuers, and AWS itself"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "redis" {
  security_group_id            = aws_security_group.gateway.id
  referenced_security_group_id = aws_security_group.redis.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_vpc_security_group_egress_rule" "databases" {
  for_each = var.databases

  security_group_id            = aws_security_group.gateway.id
  referenced_security_group_id = each.value.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "databases" {
  for_each = var.databases

  security_group_id            = each.value.security_group_id
  referenced_security_group_id = aws_security_group.gateway.id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}
