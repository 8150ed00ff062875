using System.Diagnostics;
using System.Reflection;

namespace Winnow.Testing;

/// <summary>The certificates of a test cluster, as <c>deploy/make-secrets</c> makes them for a real one.</summary>
public sealed class SiloCertificateFolder : IDisposable
{
    private static readonly string Deploy = Path.Combine(
        Path.GetFullPath(typeof(SiloCertificateFolder).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(a => a.Key == "Repository").Value!), "deploy");

    private static readonly Lazy<SiloCertificateFolder> OfThisProcess = new(() => new SiloCertificateFolder());

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("winnow-certificates-");

    /// <summary>An authority of its own, and a certificate of it.</summary>
    public SiloCertificateFolder() => Run("make-secrets", _folder.FullName);

    /// <summary>One for all clusters of this process that need no other.</summary>
    public static SiloCertificateFolder Shared => OfThisProcess.Value;

    /// <summary>The options by which a silo finds them.</summary>
    public string[] Options =>
    [
        "--Cluster:Tls:CertificateFile", PathOf("silo-certificate"), "--Cluster:Tls:KeyFile", PathOf("silo-key"),
        "--Cluster:Tls:AuthorityFile", PathOf("silo-authority"),
    ];

    /// <summary>One of the files.</summary>
    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Runs <c>deploy/renew-certificates</c> on this folder.</summary>
    public void Renew(params string[] options) => Run("renew-certificates", [.. options, _folder.FullName]);

    public void Dispose() => _folder.Delete(recursive: true);

    private static void Run(string script, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo("bash", [Path.Combine(Deploy, script), .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true
            })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{script} failed with {process.ExitCode}: {errors}{output.Result}");
    }
}
