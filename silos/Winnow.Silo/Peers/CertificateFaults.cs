using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Winnow.Silo.Peers;

/// <summary>
/// Why a certificate is refused, in words. Whoever made it chose its names, so none of them is said: its fingerprint tells it from others.
/// </summary>
internal static class CertificateFaults
{
    public static string Of(X509Certificate2 certificate, X509Chain? chain)
    {
        var faults = (chain?.ChainStatus ?? []).Select(s => s.Status).Where(s => s != X509ChainStatusFlags.NoError).Distinct()
            .Select(s => Say(s, certificate)).Distinct().ToArray();
        var why = faults.Length == 0 ? "it could not be judged" : string.Join(", ", faults);
        return $"{why} (SHA-256 {certificate.GetCertHashString(HashAlgorithmName.SHA256)[..16]}…)";
    }

    private static string Say(X509ChainStatusFlags fault, X509Certificate2 certificate) => fault switch
    {
        X509ChainStatusFlags.NotTimeValid => string.Create(CultureInfo.InvariantCulture,
            $"it, or its authority, is not good at this time (it is from {certificate.NotBefore.ToUniversalTime():u} to "
            + $"{certificate.NotAfter.ToUniversalTime():u})"),
        X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain => "it is of another authority",
        X509ChainStatusFlags.NotValidForUsage => "it must be for servers and for clients both",
        _ => fault.ToString(),
    };
}
