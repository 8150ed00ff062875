namespace Winnow.Grains.Security;

/// <summary>How the security grains write.</summary>
internal static class SecurityWrites
{
    /// <summary>
    /// Writes; where that fails the state is read again, so that nobody is let in or kept out by what never came to the disk.
    /// </summary>
    public static async Task WriteOrForgetAsync<T>(this IPersistentState<T> state, Action deactivate)
    {
        try
        {
            await state.WriteStateAsync(CancellationToken.None);
        }
        catch
        {
            // The write may have landed all the same: the next activation reads what stands.
            deactivate();
            await state.ReadStateAsync(CancellationToken.None);
            throw;
        }
    }
}
