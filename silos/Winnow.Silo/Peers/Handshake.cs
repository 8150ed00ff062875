using System.Net;

namespace Winnow.Silo.Peers;

/// <summary>A connection that has not shown yet that it is of the cluster. Whatever judges it says here why it was refused.</summary>
internal sealed class Handshake(EndPoint? remote)
{
    private static readonly AsyncLocal<Handshake?> UnderWay = new();

    private string? _fault;

    /// <summary>The other end.</summary>
    public EndPoint? Remote => remote;

    /// <summary>The address that counts as one caller.</summary>
    public IPAddress Address => (remote as IPEndPoint)?.Address ?? IPAddress.None;

    /// <summary>Whether the other end is of the cluster.</summary>
    public bool Done { get; private set; }

    /// <summary>Why it is not; what shows no certificate, or speaks another protocol, leaves no word.</summary>
    public string Fault => _fault ?? "it showed no certificate in time, or spoke something else than TLS";

    public void Complete() => Done = true;

    /// <summary>Makes it the one that this flow of calls works on: Orleans hands its judge of certificates no connection.</summary>
    public void Begin() => UnderWay.Value = this;

    public static void Refuse(string fault)
    {
        if (UnderWay.Value is { } handshake) handshake._fault = fault;
    }
}
