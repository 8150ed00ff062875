
namespace Winnow.Silo.Peers;

/// <summary>
/// What the silos of a cluster know each other by: each shows a certificate, and takes no other than those of the authority that is named
/// here, whoever called whom. A cluster does not start without. <c>deploy/make-secrets</c> makes the files; they are read again when they
/// change.
/// </summary>
public sealed class SiloTlsSettings
{
    /// <summary>
    /// File of this silo's certificate (PEM), for servers and clients; certificates between it and the authority may follow. Needed in a
    /// cluster.
    /// </summary>
    public string? CertificateFile { get; set; }

    /// <summary>File of the certificate's private key (PEM, without a password). Needed in a cluster.</summary>
    public string? KeyFile { get; set; }

    /// <summary>
    /// File of the authority whose certificates are taken (PEM); several while one follows another. Needed in a cluster, and made for it
    /// alone: whoever has a certificate of it is a member.
    /// </summary>
    public string? AuthorityFile { get; set; }

    /// <summary>
    /// Whether silos that know no TLS are taken in and called, too. Default false. For as long as silos of the release before TLS are being
    /// replaced: meanwhile whoever reaches the silo port can be a member.
    /// </summary>
    public bool AllowPlain { get; set; }

    /// <summary>The first thing that is wrong, with the option's name; null when all is sound. The files are read.</summary>
    internal string? Check(TimeProvider time)
    {
        if (Missing() is { } missing)
        {
            return $"Cluster:Tls:{missing} is not set. The silos of a cluster know each other by certificates: 'bash "
                + $"deploy/make-secrets' makes them "
                + "(silo-certificate, silo-key, silo-authority); give their files as Cluster:Tls:CertificateFile, Cluster:Tls:KeyFile and "
                + "Cluster:Tls:AuthorityFile.";
        }
        try
        {
            SiloIdentity.Of(SiloTlsFiles.Read(this), time.GetUtcNow());
            return null;
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }

    private string? Missing()
    {
        if (string.IsNullOrWhiteSpace(CertificateFile)) return nameof(CertificateFile);
        if (string.IsNullOrWhiteSpace(KeyFile)) return nameof(KeyFile);
        return string.IsNullOrWhiteSpace(AuthorityFile) ? nameof(AuthorityFile) : null;
    }
}
