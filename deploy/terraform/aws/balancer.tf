locals {
  listeners = { for engine, port in { postgres = var.postgres_port, mysql = var.mysql_port } : engine => port if port != null }
}

resource "aws_lb" "this" {
  name                             = var.name
  load_balancer_type               = "network"
  internal                         = true
  subnets                          = var.subnet_ids
  security_groups                  = [aws_security_group.balancer.id]
  enable_cross_zone_load_balancing = true
  tags                             = var.tags
}

resource "aws_lb_target_group" "this" {
  for_each = local.listeners

  name        = "${var.name}-${each.key}"
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "TCP"
  port        = each.value

  # The gateway learns the client's address from version 2 of the PROXY protocol: trustedSenders in its configuration.
  proxy_protocol_v2  = true
  preserve_client_ip = false

  # Connections of a target that leaves are kept for as long as the gateway drains; the gateway ends what is left.
  deregistration_delay   = var.drain_seconds
  connection_termination = false

  health_check {
    protocol            = "HTTP"
    port                = var.monitoring_port
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 6
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  tags = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

# TLS is the gateway's own: both protocols begin it within the connection.
resource "aws_lb_listener" "this" {
  for_each = local.listeners

  load_balancer_arn = aws_lb.this.arn
  protocol          = "TCP"
  port              = each.value

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }
}
