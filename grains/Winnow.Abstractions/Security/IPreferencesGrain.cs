using Winnow.Model.Security;

namespace Winnow.Abstractions.Security;

/// <summary>How one person has the studio. Key: the principal; <c>local</c> on a server without keys.</summary>
[Alias("winnow.preferences")]
public interface IPreferencesGrain : IGrainWithStringKey
{
    /// <summary>What was set; all as the studio comes where nothing was.</summary>
    [Alias("get")]
    Task<Preferences> GetAsync(CancellationToken cancellationToken);

    /// <summary>Sets all of it; what is as the studio comes is not kept.</summary>
    /// <exception cref="Datasets.RefusedException">Something in it is not sound.</exception>
    [Alias("set")]
    Task<Preferences> SetAsync(Preferences preferences, CancellationToken cancellationToken);
}
