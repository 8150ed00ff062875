using System.Text;

namespace Winnow.Silo.Peers;

/// <summary>
/// What the three files hold at one moment. Equal where all three are equal, byte for byte: times of change tell nothing where a mount is
/// exchanged.
/// </summary>
internal sealed record SiloTlsFiles(TlsFile Certificate, TlsFile Key, TlsFile Authority)
{
    /// <summary>Reads them.</summary>
    /// <exception cref="InvalidOperationException">One of them cannot be read; the message names the option and the file.</exception>
    public static SiloTlsFiles Read(SiloTlsSettings settings) => new(
        TlsFile.Read(nameof(settings.CertificateFile), settings.CertificateFile!),
        TlsFile.Read(nameof(settings.KeyFile), settings.KeyFile!),
        TlsFile.Read(nameof(settings.AuthorityFile), settings.AuthorityFile!));
}

/// <summary>One PEM file and the option that named it.</summary>
internal sealed record TlsFile(string Option, string Path, string Text)
{
    private const int MaxBytes = 1 << 20;

    public static TlsFile Read(string option, string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MaxBytes)
                throw new InvalidOperationException($"Cluster:Tls:{option} '{path}' has {file.Length} bytes, which no PEM file has.");
            using var reader = new StreamReader(file, Encoding.ASCII);
            return new TlsFile(option, path, reader.ReadToEnd());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InvalidOperationException($"Cluster:Tls:{option} '{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>An error that names the option and the file. No text of the file: it may be a key.</summary>
    public InvalidOperationException Wrong(string what, Exception? inner = null) => new($"Cluster:Tls:{Option} '{Path}' {what}", inner);

    public override string ToString() => $"Cluster:Tls:{Option} '{Path}'";
}
