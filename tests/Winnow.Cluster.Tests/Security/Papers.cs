using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Security;

/// <summary>Certificates as strangers have them: of another authority, ended, for another use.</summary>
internal static class Papers
{
    private static readonly Oid ServerUse = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientUse = new("1.3.6.1.5.5.7.3.2");

    /// <summary>The silos' own certificate, as whoever stole it has it.</summary>
    public static X509Certificate2 Genuine(SiloCertificateFolder folder) =>
        X509Certificate2.CreateFromPemFile(folder.PathOf("silo-certificate"), folder.PathOf("silo-key"));

    /// <summary>A certificate of the cluster's authority that ended a minute ago.</summary>
    public static X509Certificate2 Ended(SiloCertificateFolder folder)
    {
        var now = TimeProvider.System.GetUtcNow();
        return Issue(folder, now.AddDays(-2), now.AddMinutes(-1), ServerUse, ClientUse);
    }

    /// <summary>A certificate of the cluster's authority for a web server, which is no silo.</summary>
    public static X509Certificate2 OfAServer(SiloCertificateFolder folder)
    {
        var now = TimeProvider.System.GetUtcNow();
        return Issue(folder, now.AddMinutes(-1), now.AddDays(1), ServerUse);
    }

    /// <summary>A certificate that vouches for itself, under the names of a genuine one.</summary>
    public static X509Certificate2 OfItsOwn()
    {
        var now = TimeProvider.System.GetUtcNow();
        return NewRequest(out _, ServerUse, ClientUse).CreateSelfSigned(now.AddMinutes(-1), now.AddDays(1));
    }

    // The issuer's own limits of time are not minded, as an authority that is careless would not.
    private static X509Certificate2 Issue(SiloCertificateFolder folder, DateTimeOffset from, DateTimeOffset to, params Oid[] uses)
    {
        using var authority = X509Certificate2.CreateFromPemFile(folder.PathOf("silo-authority"), folder.PathOf("silo-authority-key"));
        var signs = X509SignatureGenerator.CreateForECDsa(authority.GetECDsaPrivateKey()!);
        var request = NewRequest(out var key, uses);
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true,
                includeIssuerAndSerial: false));
        return request.Create(authority.SubjectName, signs, from, to, RandomNumberGenerator.GetBytes(16)).CopyWithPrivateKey(key);
    }

    private static CertificateRequest NewRequest(out ECDsa key, params Oid[] uses)
    {
        key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=winnow silo", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses], critical: false));
        return request;
    }
}
