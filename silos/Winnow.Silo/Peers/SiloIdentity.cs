using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Winnow.Silo.Peers;

/// <summary>
/// A silo's certificate with its key, and the authorities that it trusts. One that is here is sound: the key fits, the certificate is good
/// at this time for both ends of a connection, and another silo with the same files would take it.
/// </summary>
internal sealed record SiloIdentity(X509Certificate2 Certificate, SslStreamCertificateContext Shown, X509Certificate2Collection Authorities)
{
    // Either end of a connection may call the other over it, whoever opened it: one that is good for a server alone would come in by being
    // called.
    private static readonly Oid[] BothUses = [new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")];

    /// <summary>When the certificate ends.</summary>
    public DateTimeOffset Ends => Certificate.NotAfter.ToUniversalTime();

    /// <summary>
    /// What is held against a certificate that another silo shows: this authority or none, whatever the machine trusts besides, and nothing
    /// is fetched for it.
    /// </summary>
    public X509ChainPolicy NewPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(Authorities);
        foreach (var use in BothUses) policy.ApplicationPolicy.Add(use);
        return policy;
    }

    /// <summary>Makes what the files hold usable.</summary>
    /// <exception cref="InvalidOperationException">They do not fit together, or not at this time; the message says which and what to
    /// do.</exception>
    public static SiloIdentity Of(SiloTlsFiles files, DateTimeOffset now)
    {
        var authorities = Certificates(files.Authority);
        var shown = Certificates(files.Certificate);
        var certificate = WithKey(files, shown[0]);
        X509Certificate2Collection between = [.. shown.Skip(1)];
        if (now < certificate.NotBefore || now > certificate.NotAfter)
        {
            throw files.Certificate.Wrong(string.Create(CultureInfo.InvariantCulture,
                $"is good from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}, and now it is "
                + $"{now:u}. 'bash deploy/renew-certificates' makes a new one."));
        }
        var identity = new SiloIdentity(certificate, SslStreamCertificateContext.Create(certificate, between, offline: true), authorities);
        identity.CheckOwn(files, between, now);
        return identity;
    }

    /// <summary>As another silo will, so that a silo which nobody would take does not start.</summary>
    private void CheckOwn(SiloTlsFiles files, X509Certificate2Collection between, DateTimeOffset now)
    {
        using var chain = new X509Chain { ChainPolicy = NewPolicy() };
        chain.ChainPolicy.ExtraStore.AddRange(between);
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        if (chain.Build(Certificate)) return;
        throw files.Certificate.Wrong($"would be refused by a silo with {files.Authority}: {CertificateFaults.Of(Certificate, chain)}.");
    }

    private static X509Certificate2Collection Certificates(TlsFile file)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(file.Text);
        }
        catch (CryptographicException e)
        {
            throw file.Wrong($"holds a certificate that cannot be read: {e.Message}", e);
        }
        return found.Count > 0
            ? found : throw file.Wrong("holds no certificate: PEM is wanted, with a line '-----BEGIN CERTIFICATE-----'.");
    }

    private static X509Certificate2 WithKey(SiloTlsFiles files, X509Certificate2 certificate)
    {
        if (files.Key.Text.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal))
            throw files.Key.Wrong("has a password, which a server cannot be asked for: store the key without one.");
        try
        {
            var whole = X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), files.Key.Text);
            // Schannel takes no key that is in memory alone.
            return OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null) : whole;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw files.Key.Wrong($"does not hold the private key of {files.Certificate}: {e.Message}", e);
        }
    }
}
