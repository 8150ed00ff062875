using Winnow.Model.Security;

namespace Winnow.Grains.Security;

/// <summary>The grants of one scope, with the latest changes to them.</summary>
public sealed class AccessState
{
    public List<AccessGrant> Grants { get; set; } = [];

    /// <summary>Appended only; the oldest fall off.</summary>
    public List<AccessChange> Changes { get; set; } = [];

    public long LastChange { get; set; }
}
