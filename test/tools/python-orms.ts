import type { WantedDriver } from '../drivers/python.ts'

// Each in one folder, with its drivers for PostgreSQL and for MySQL.
const DRIVERS = ['psycopg[binary]==3.3.9', 'PyMySQL==1.2.4', 'cryptography']
const DEBIAN_DRIVERS = [
  'python3-psycopg',
  'python3-typing-extensions',
  'libpq5',
  'python3-pymysql',
  'python3-cryptography',
  'python3-cffi-backend',
]

export const SQLALCHEMY: WantedDriver = {
  module: 'sqlalchemy',
  requirements: ['SQLAlchemy==2.0.44', ...DRIVERS],
  debian: ['python3-sqlalchemy', 'python3-greenlet', ...DEBIAN_DRIVERS],
}

export const DJANGO: WantedDriver = {
  module: 'django',
  requirements: ['Django==5.2.8', ...DRIVERS],
  debian: ['python3-django', 'python3-asgiref', 'python3-sqlparse', ...DEBIAN_DRIVERS],
}
