using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Objects;
using Winnow.CrashHost;

// A process that is there to be killed: it writes without end and says on its standard output what was acknowledged, one line each.
switch (args)
{
    case ["ledger", var path]:
        await using (var ledger = SqliteLedger.Open(new LedgerOptions { Path = path }, NullLogger<SqliteLedger>.Instance))
            await LedgerLoad.RunAsync(ledger, ledger);
        return 0;
    case ["objects", var root]:
        using (var store = new FileObjectStore(root))
            await ObjectLoad.RunAsync(store);
        return 0;
    case ["silo", var connectionString, var siloPort, var gatewayPort]:
        await OrleansSilo.RunAsync(connectionString, int.Parse(siloPort, CultureInfo.InvariantCulture),
        int.Parse(gatewayPort, CultureInfo.InvariantCulture));
        return 0;
    case ["intrude", var connectionString, var port, var certificate, var calls]:
        return await Intruder.RunAsync(connectionString, port, certificate, calls);
    case [['-', '-', ..], ..]:
        await PoisonedSilo.RunAsync(args);
        return 0;
    case ["open", var path]:
        try
        {
            await using var ledger = SqliteLedger.Open(new LedgerOptions { Path = path }, NullLogger<SqliteLedger>.Instance);
            return 0;
        }
        catch (LedgerUnavailableException refused)
        {
            Console.Error.WriteLine(refused.Message);
            return 3;
        }
    default:
        Console.Error.WriteLine("Usage: Winnow.CrashHost ledger PATH | objects FOLDER | open PATH | silo CONNECTION PORT GATEWAY"
            + " | intrude CONNECTION PORT CERTIFICATE|- certificate|nothing | options of a silo");
        return 2;
}
