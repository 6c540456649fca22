-- One of sysbench's own scripts, but the client library loads its plugin before there are threads: two that load it at once fail.
dofile(os.getenv("SYSBENCH_SCRIPT"))

local plain_init = init

function init()
   plain_init()
   sysbench.sql.driver():connect():disconnect()
end
