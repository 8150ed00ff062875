using System.Reflection;
using Winnow.Adapters.Disk;
using Winnow.Silo;
using Winnow.Silo.Demo;

// Before anything is written, by whichever part.
OwnersOnly.FromNowOn();

if (args.Contains("--version"))
{
    Console.WriteLine(Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion);
    return 0;
}
if (args is ["demo", ..]) return await DemoCommand.RunAsync(args[1..]);
if (args is ["help"] || args.Any(a => a is "--help" or "-h" or "-?"))
{
    Console.WriteLine("""
        Winnow.Silo                 serve, on http://127.0.0.1:5080 with data in ./winnow-data
          --urls URL                where to listen; anything but loopback needs Api:Key or Api:KeyFile
          --Data FOLDER             where to keep everything
          --Metrics:Url URL         a listener for machines that watch: /metrics, /health, and /operator for this machine alone
          --Role ROLE               in a cluster, with Postgres and S3: all, core, scoring or gateway
          --Section:Name VALUE      any other option, also as environment variable WINNOW_Section__Name,
              or in appsettings.json beside the program
          --version                 which Winnow this is
        Winnow.Silo demo            the whole loop on 12,000 real images; 'demo --help' tells more
        """);
    return 0;
}
return await ServeCommand.RunAsync(args);
