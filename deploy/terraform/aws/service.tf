locals {
  # The files come as variables FILE_0, FILE_1 …; the first container of a task writes them where the gateway reads them, and ends.
  file_paths = sort(keys(var.files))
  write_files = join("", [
    "const fs=require('node:fs'),path=require('node:path');",
    "JSON.parse(process.env.FILE_PATHS).forEach((name,at)=>{",
    "const file=path.join('/var/lib/gatehouse/etc',name);",
    "fs.mkdirSync(path.dirname(file),{recursive:true,mode:0o700});",
    "fs.writeFileSync(file,process.env['FILE_'+at],{mode:0o600})})",
  ])
  logs = {
    logDriver = "awslogs"
    options = {
      "awslogs-group"         = aws_cloudwatch_log_group.this.name
      "awslogs-region"        = data.aws_region.current.name
      "awslogs-stream-prefix" = "gateway"
    }
  }
  state = [{ sourceVolume = "state", containerPath = "/var/lib/gatehouse", readOnly = false }]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/gatehouse/${var.name}"
  retention_in_days = 30
  tags              = var.tags
}

resource "aws_ecs_cluster" "this" {
  name = var.name
  tags = var.tags
}

resource "aws_ecs_task_definition" "gateway" {
  family                   = "${var.name}-gateway"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.start.arn
  task_role_arn            = aws_iam_role.gateway.arn
  tags                     = var.tags

  ephemeral_storage {
    size_in_gib = var.state_gib
  }

  volume {
    name = "state"
  }

  container_definitions = jsonencode([
    {
      name                   = "files"
      image                  = var.image
      essential              = false
      user                   = "65532:65532"
      readonlyRootFilesystem = true
      entryPoint             = ["/usr/bin/node", "-e", local.write_files]
      command                = []
      environment            = [{ name = "FILE_PATHS", value = jsonencode(local.file_paths) }]
      secrets                = [for at, file in local.file_paths : { name = "FILE_${at}", valueFrom = var.files[file] }]
      mountPoints            = local.state
      logConfiguration       = local.logs
    },
    {
      name                   = "gateway"
      image                  = var.image
      essential              = true
      user                   = "65532:65532"
      readonlyRootFilesystem = true
      command                = ["gateway", "--config", "/var/lib/gatehouse/etc/gateway.yaml"]
      environment            = [{ name = "GATEHOUSE_HEALTH_URL", value = "http://127.0.0.1:${var.monitoring_port}/healthz" }]
      secrets                = [for name, arn in var.secrets : { name = name, valueFrom = arn }]
      mountPoints            = local.state
      logConfiguration       = local.logs
      # The drain, and what it takes to seal the trail.
      stopTimeout  = var.drain_seconds + 10
      portMappings = [for port in concat(values(local.listeners), [var.monitoring_port]) : { containerPort = port, protocol = "tcp" }]
      ulimits      = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
      dependsOn    = [{ containerName = "files", condition = "SUCCESS" }]
      healthCheck = {
        command     = ["CMD", "/usr/bin/node", "/opt/gatehouse/bin/healthcheck.mjs"]
        interval    = 10
        timeout     = 5
        retries     = 3
        startPeriod = 10
      }
    },
  ])
}

resource "aws_ecs_service" "gateway" {
  name                               = "gateway"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.gateway.arn
  desired_count                      = var.desired_count
  launch_type                        = "FARGATE"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 30
  tags                               = var.tags

  network_configuration {
    subnets         = var.subnet_ids
    security_groups = [aws_security_group.gateway.id]
  }

  dynamic "load_balancer" {
    for_each = local.listeners

    content {
      target_group_arn = aws_lb_target_group.this[load_balancer.key].arn
      container_name   = "gateway"
      container_port   = load_balancer.value
    }
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  lifecycle {
    ignore_changes = [desired_count]
  }

  depends_on = [aws_lb_listener.this]
}

resource "aws_appautoscaling_target" "gateway" {
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.gateway.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.desired_count
  max_capacity       = var.max_count
}

resource "aws_appautoscaling_policy" "gateway" {
  name               = "processor"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.gateway.service_namespace
  resource_id        = aws_appautoscaling_target.gateway.resource_id
  scalable_dimension = aws_appautoscaling_target.gateway.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_in_cooldown  = 1800
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}
