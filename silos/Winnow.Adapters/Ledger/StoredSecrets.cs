using System.Globalization;
using Winnow.Abstractions.Health;

namespace Winnow.Adapters.Ledger;

/// <summary>What is said of secrets that are not what they should be. Never what they are.</summary>
internal static class StoredSecrets
{
    public static SetAsideException OtherLength(string name, int length, int wanted) => new(string.Create(CultureInfo.InvariantCulture,
        $"The secret '{name}' has {length} bytes, not {wanted}. It is set aside: nothing is signed with it, nor is what it signed taken."));
}
