using Winnow.Silo.Hosting;

namespace Winnow.Silo;

/// <summary>Serves until told to end. What keeps it from starting is one sentence and exit code 1.</summary>
internal static class ServeCommand
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        ILogger? logger = null;
        LeaveOutOthers();
        try
        {
            await using var app = WinnowHost.Build(arguments);
            logger = app.Logger;
            await WinnowHost.StartAsync(app, CancellationToken.None);
            Console.WriteLine($"Winnow listens on {string.Join(", ", app.Urls)}");
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (OperationCanceledException)
        {
            // Told to end while the start still waited for a store.
            await Console.Error.WriteLineAsync("Winnow was stopped before it had started.");
            return 0;
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync(StartFailure.Explain(e));
            if (logger?.IsEnabled(LogLevel.Debug) == true) await Console.Error.WriteLineAsync(e.ToString());
            return 1;
        }
    }

    /// <summary>
    /// The driver of PostgreSQL fills what a connection string leaves open from variables of psql's: a user, a password, settings of the
    /// session that are meant for other databases.
    /// </summary>
    private static void LeaveOutOthers()
    {
        foreach (string variable in Environment.GetEnvironmentVariables().Keys)
            if (variable.StartsWith("PG", StringComparison.Ordinal)) Environment.SetEnvironmentVariable(variable, null);
    }
}
