namespace Winnow.Grains.Ports;

/// <summary>
/// Says whether one of the places where things are kept can be used at this moment. The health page asks each that is registered.
/// </summary>
public interface IStorageHealth
{
    /// <summary>Which part it is, such as <c>ledger</c> or <c>objects</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Null when reading and writing work; otherwise a sentence that says what is wrong and what to do, without secrets. Never throws for a
    /// store that is down.
    /// </summary>
    /// <param name="cancellationToken">Gives up; the caller decides how long a check may take.</param>
    Task<string?> CheckAsync(CancellationToken cancellationToken);
}
