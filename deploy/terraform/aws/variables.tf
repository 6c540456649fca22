variable "name" {
  description = "What everything is named by, such as gatehouse-production."
  type        = string
  default     = "gatehouse"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.name))
    error_message = "Use 2 to 21 lower-case letters, digits and dashes: names of load balancers and buckets are made of it."
  }
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of at least two availability zones, for the balancer, the tasks and Redis."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "Name subnets of at least two availability zones."
  }
}

variable "image" {
  description = "The image (deploy/image/Dockerfile), by digest."
  type        = string
}

variable "files" {
  description = "Files of /var/lib/gatehouse/etc, by their path there, as ARNs of secrets (Secrets Manager) or parameters (SSM): gateway.yaml, policy.yaml, tls/server.crt, tls/server.key …"
  type        = map(string)

  validation {
    condition     = contains(keys(var.files), "gateway.yaml") && contains(keys(var.files), "policy.yaml")
    error_message = "gateway.yaml and policy.yaml must be among the files."
  }
}

variable "secrets" {
  description = "Environment variables that the configuration refers to as $${NAME}, as ARNs of secrets: MASKING_KEY, REDIS_PASSWORD …"
  type        = map(string)
  default     = {}
}

variable "secret_kms_key_arns" {
  description = "Keys that the secrets are encrypted with, where they are not AWS's own."
  type        = list(string)
  default     = []
}

variable "client_cidrs" {
  description = "Who may connect to the balancer."
  type        = list(string)
}

variable "postgres_port" {
  description = "Where PostgreSQL clients connect, and the gateway listens. Null: nowhere."
  type        = number
  default     = 15432
}

variable "mysql_port" {
  description = "Where MySQL clients connect, and the gateway listens. Null: nowhere."
  type        = number
  default     = 13306
}

variable "monitoring_port" {
  description = "The port of the gateway's setting monitoring.address, on 0.0.0.0."
  type        = number
  default     = 19464
}

variable "drain_seconds" {
  description = "The gateway's setting drainSeconds. ECS on Fargate gives a task at most 120 seconds, 10 of which are for sealing the trail."
  type        = number
  default     = 100

  validation {
    condition     = var.drain_seconds >= 0 && var.drain_seconds <= 110
    error_message = "ECS on Fargate ends a task after 120 seconds at the latest: drain for at most 110. Kubernetes waits longer: deploy/helm."
  }
}

variable "desired_count" {
  description = "So many gateways at first."
  type        = number
  default     = 2
}

variable "max_count" {
  description = "So many at most, by the processor time they take."
  type        = number
  default     = 10
}

variable "cpu" {
  description = "Processor units of a task: 1024 is a core."
  type        = number
  default     = 1024
}

variable "memory" {
  description = "MiB of a task."
  type        = number
  default     = 2048
}

variable "state_gib" {
  description = "GiB of a task's own disk: trail, recordings, what waits to be shipped."
  type        = number
  default     = 50
}

variable "databases" {
  description = "Databases the gateway logs in to with tokens of IAM: resource id (db-… or cluster-…), users, and the security group that lets it in on this port."
  type = map(object({
    resource_id       = string
    users             = list(string)
    security_group_id = string
    port              = number
  }))
  default = {}
}

variable "redis_node_type" {
  description = "The kind of machine of ElastiCache."
  type        = string
  default     = "cache.t4g.small"
}

variable "redis_password" {
  description = "The password of Redis, the same as the secret that the configuration refers to. It is in the state of Terraform, as ElastiCache has it."
  type        = string
  sensitive   = true
}

variable "trail_retention_days" {
  description = "So long nobody can delete or change what was shipped to the bucket, in mode COMPLIANCE not even the account's owner."
  type        = number
  default     = 365
}

variable "trail_lock_mode" {
  description = "GOVERNANCE: somebody with the right to may shorten it. COMPLIANCE: nobody."
  type        = string
  default     = "GOVERNANCE"

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.trail_lock_mode)
    error_message = "GOVERNANCE or COMPLIANCE."
  }
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
