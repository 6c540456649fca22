# A PostgreSQL of RDS that is logged in to with tokens of IAM, and gateways in front of it.
terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  type = list(string)
}

variable "image" {
  type = string
}

variable "files" {
  description = "ARNs of the secrets that hold gateway.yaml, policy.yaml, tls/server.crt, tls/server.key."
  type        = map(string)
}

variable "masking_key_arn" {
  type = string
}

variable "redis_password_arn" {
  type = string
}

data "aws_secretsmanager_secret_version" "redis_password" {
  secret_id = var.redis_password_arn
}

resource "aws_security_group" "shop" {
  name   = "shop-database"
  vpc_id = var.vpc_id
}

resource "aws_db_subnet_group" "shop" {
  name       = "shop"
  subnet_ids = var.subnet_ids
}

resource "aws_db_instance" "shop" {
  identifier                          = "shop"
  engine                              = "postgres"
  engine_version                      = "17"
  instance_class                      = "db.t4g.medium"
  allocated_storage                   = 50
  storage_encrypted                   = true
  db_name                             = "shop"
  username                            = "owner"
  manage_master_user_password         = true
  iam_database_authentication_enabled = true
  db_subnet_group_name                = aws_db_subnet_group.shop.name
  vpc_security_group_ids              = [aws_security_group.shop.id]
  deletion_protection                 = true
}

module "gatehouse" {
  source = "../../aws"

  name           = "gatehouse"
  vpc_id         = var.vpc_id
  subnet_ids     = var.subnet_ids
  image          = var.image
  client_cidrs   = ["10.0.0.0/8"]
  mysql_port     = null
  files          = var.files
  redis_password = data.aws_secretsmanager_secret_version.redis_password.secret_string

  secrets = {
    MASKING_KEY    = var.masking_key_arn
    REDIS_PASSWORD = var.redis_password_arn
  }

  databases = {
    shop = {
      resource_id       = aws_db_instance.shop.resource_id
      users             = ["gatehouse"]
      security_group_id = aws_security_group.shop.id
      port              = 5432
    }
  }
}

output "address" {
  value = module.gatehouse.address
}

output "trusted_senders" {
  value = module.gatehouse.trusted_senders
}
