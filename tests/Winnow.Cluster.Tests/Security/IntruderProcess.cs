using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Security;

/// <summary>
/// What became of a host of an attacker's own: Winnow.CrashHost has it. In a process of its own, because a silo that is told that it is no
/// member ends its process.
/// </summary>
internal sealed record IntruderProcess(int Port, string Output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Whether it was a member at any time.</summary>
    public bool Joined => Says("joined");

    /// <summary>Whether it has made itself the owner of everything.</summary>
    public bool OwnsAll => Says("owner");

    /// <summary>The beginning of what it wrote: the stack of a silo that ends itself fills pages.</summary>
    public override string ToString() => Output.Length <= 2_000 ? Output : Output[..2_000];

    // A line of its own: Orleans writes of joining, too.
    private bool Says(string word) => Output.Split('\n').Contains(word);

    /// <summary>Lets it try, until it ends.</summary>
    /// <param name="connection">The cluster's database.</param>
    /// <param name="shows">The certificate that it shows; null where it speaks plainly.</param>
    /// <param name="toThoseItCalls">Whether it shows it when it calls others, too.</param>
    public static async Task<IntruderProcess> TryAsync(string connection, X509Certificate2? shows, bool toThoseItCalls = true)
    {
        var port = SiloProcess.FreePort();
        var program = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "CrashHost")
            .Value!;
        var folder = Directory.CreateTempSubdirectory("winnow-papers-");
        try
        {
            var papers = shows is null ? "-" : Path.Combine(folder.FullName, "shown");
            if (shows is not null)
                await File.WriteAllTextAsync(papers,
                    $"{shows.ExportCertificatePem()}\n{shows.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n");
            string[] command = [program, "intrude", connection, port.ToString(CultureInfo.InvariantCulture), papers,
                toThoseItCalls ? "certificate" : "nothing"];
            using var process = Process.Start(
                new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            using var limit = new CancellationTokenSource(Limit);
            var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            try
            {
                await process.WaitForExitAsync(limit.Token);
                return new IntruderProcess(port, string.Concat(await said));
            }
            finally
            {
                if (!process.HasExited) process.Kill();
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
